#!/usr/bin/env python3
"""Makes the device trees that the host tests read.

Usage: make_dtbs.py OUTPUT_DIRECTORY [NAME...]

Three kinds: dumps of QEMU's virt board in many shapes (qemu-*.dtb), the
hand-written sources of tests/host/dts compiled with dtc, and sources written
here because they are long and regular. With NAMEs, only these, of the second
kind. Prints the path of each file made,
one a line. Exits with status 1 and a line on stderr if a tool is missing or
fails.
"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def numa(nodes, cpus_each, megabytes_each):
    """Returns the QEMU options for that many NUMA nodes."""
    options = ["-smp", str(nodes * cpus_each),
               "-m", f"{nodes * megabytes_each}M"]
    for node in range(nodes):
        first = node * cpus_each
        options += ["-object", f"memory-backend-ram,id=m{node},"
                               f"size={megabytes_each}M",
                    "-numa", f"node,nodeid={node},memdev=m{node},"
                             f"cpus={first}-{first + cpus_each - 1}"]
    return options


def qemu_shapes():
    """Returns {name: (machine options, other options)}."""
    shapes = {}
    for cpus in range(1, 9):
        shapes[f"smp{cpus}"] = ("", ["-smp", str(cpus), "-m", "128M"])
    for memory in ("32M", "64M", "256M", "1G", "2G", "4G", "8G"):
        shapes[f"mem{memory}"] = ("", ["-smp", "4", "-m", memory])
    for cpus in (1, 4, 8):
        shapes[f"aclint{cpus}"] = (",aclint=on", ["-smp", str(cpus)])
        shapes[f"aplic{cpus}"] = (",aia=aplic", ["-smp", str(cpus)])
        shapes[f"imsic{cpus}"] = (",aia=aplic-imsic", ["-smp", str(cpus)])
    shapes["numa2"] = ("", numa(2, 2, 128))
    # Not more nodes: QEMU 7.2 fails with three.
    shapes["numa2-one-each"] = ("", numa(2, 1, 64))
    shapes["numa2-aclint"] = (",aclint=on", numa(2, 4, 256))
    shapes["numa2-imsic"] = (",aia=aplic-imsic", numa(2, 2, 128))
    shapes["no-sstc"] = ("", ["-cpu", "rv64,sstc=false", "-m", "128M"])
    return shapes


def run(command, **options):
    """Runs command; exits with its stderr if it is missing or fails."""
    try:
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                       timeout=60, **options)
    except FileNotFoundError:
        sys.exit(f"make_dtbs.py: {command[0]} is not installed")
    except subprocess.CalledProcessError as error:
        sys.exit(f"make_dtbs.py: {' '.join(map(str, command))}: "
                 f"{error.stderr.decode(errors='replace')}")
    except subprocess.TimeoutExpired:
        sys.exit(f"make_dtbs.py: {command[0]} does not end")


def dump_qemu(path, machine, options):
    """Writes the tree of one shape of QEMU's virt board to path."""
    run(["qemu-system-riscv64", "-nodefaults", "-display", "none",
         "-machine", f"virt,dumpdtb={path}{machine}", *options])


def compile_dts(source, path):
    """Compiles the device tree source file to path."""
    run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path, source])


def crowd():
    """Returns the source of a machine with more of everything than the
    kernel's tables hold: 66 harts, 35 memory ranges, 70 virtio slots and
    9 PLICs."""
    text = ["/dts-v1/;", "/ { #address-cells = <2>; #size-cells = <2>;",
            'compatible = "test,crowd"; model = "crowd";',
            "cpus { #address-cells = <1>; #size-cells = <0>;",
            "timebase-frequency = <1000000>;"]
    harts = range(66)
    for hart in harts:
        text.append(
            f'cpu@{hart:x} {{ device_type = "cpu"; reg = <{hart}>;'
            ' compatible = "riscv"; riscv,isa = "rv64imac";'
            ' mmu-type = "riscv,sv39";'
            f" intc{hart}: interrupt-controller {{ #interrupt-cells = <1>;"
            ' interrupt-controller; compatible = "riscv,cpu-intc"; }; };')
    text.append("};")
    for i in range(35):
        base = 0x80000000 + i * 0x200000
        text.append(f'memory@{base:x} {{ device_type = "memory";'
                    f" reg = <0 {base:#x} 0 0x100000>; }};")
    contexts = " ".join(f"&intc{h} 11 &intc{h} 9" for h in harts)
    for i in range(9):
        base = 0xc000000 + i * 0x1000000
        text.append(
            f"plic{i}: plic@{base:x} {{ compatible = \"riscv,plic0\";"
            f" reg = <0 {base:#x} 0 0x600000>; riscv,ndev = <95>;"
            " #interrupt-cells = <1>; #address-cells = <0>;"
            f" interrupt-controller; interrupts-extended = <{contexts}>; }};")
    for i in range(70):
        base = 0x10000000 + i * 0x1000
        text.append(
            f"virtio@{base:x} {{ compatible = \"virtio,mmio\";"
            f" reg = <0 {base:#x} 0 0x1000>; interrupts = <{i + 1}>;"
            " interrupt-parent = <&plic0>; };")
    text.append("};")
    return "\n".join(text)


def bare(memory="", harts="", reserved=""):
    """Returns the source of a tree with no more than these nodes in it."""
    return ("/dts-v1/;\n" + reserved +
            "/ { #address-cells = <1>; #size-cells = <1>;\n" +
            memory + harts + "};\n")


def generated():
    """Returns {name: source} of the trees written here."""
    memory = ('memory@80000000 { device_type = "memory";'
              " reg = <0x80000000 0x1000000>; };\n")
    harts = ("cpus { #address-cells = <1>; #size-cells = <0>; %s"
             'cpu@0 { device_type = "cpu"; reg = <0>; }; };\n')
    timed = harts % "timebase-frequency = <1000>;"
    reserved = "".join(f"/memreserve/ {0x80000000 + i * 0x2000:#x} 0x1000;\n"
                       for i in range(64))
    return {"crowd": crowd(),
            "bare-no-memory": bare(harts=timed),
            "bare-no-harts": bare(memory),
            "bare-no-timebase": bare(memory, harts % ""),
            "bare-reserved": bare(memory, timed, reserved)}


def main():
    """Makes all trees. Returns the exit status."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    made = []
    sources = [HERE / "dts" / f"{name}.dts" for name in sys.argv[2:]]
    if not sources:
        for name, (machine, options) in qemu_shapes().items():
            made.append(out / f"qemu-{name}.dtb")
            dump_qemu(made[-1], machine, options)
        sources = sorted((HERE / "dts").glob("*.dts"))
        for name, text in generated().items():
            sources.append(out / f"{name}.dts")
            sources[-1].write_text(text)
    for source in sources:
        made.append(out / f"{source.stem}.dtb")
        compile_dts(source, made[-1])
    for path in made:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
