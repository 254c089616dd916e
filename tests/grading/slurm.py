"""A cluster of one node on the loopback interface: munged, slurmctld, slurmd."""

import os
import secrets
import shutil
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sinfo")
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
SECONDS = 90

CONFIG = """
ClusterName=umbra
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmdPort={node}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket={top}/munge/socket
CryptoType=crypto/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={top}/state
SlurmdSpoolDir={top}/spool
SlurmctldPidFile={top}/slurmctld.pid
SlurmdPidFile={top}/slurmd.pid
SlurmctldLogFile={top}/slurmctld.log
SlurmdLogFile={top}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class SlurmError(Exception):
    """The cluster did not come up; the text holds its logs."""


def missing():
    """Return the programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


def _free_ports(count):
    """Return ports that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """A context manager; `environment` makes sbatch find the cluster."""

    def __init__(self, top):
        self.top, self.running = top, []
        self.environment = {**os.environ, "PATH": PATH, "SLURM_CONF": f"{top}/slurm.conf"}

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        control, node = _free_ports(2)
        for name in ("munge", "state", "spool"):
            os.makedirs(f"{self.top}/{name}", mode=0o755)
        with open(f"{self.top}/slurm.conf", "w", encoding="ascii") as file:
            file.write(CONFIG.format(host=host, control=control, node=node, top=self.top,
                                     user=os.environ.get("USER", "root")))  # fmt: skip
        key = f"{self.top}/munge/key"
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(secrets.token_bytes(1024))
        try:
            self._start("munged", "--foreground", "--force", f"--key-file={key}",
                        f"--socket={self.top}/munge/socket",
                        f"--pid-file={self.top}/munge/pid",
                        f"--log-file={self.top}/munge/log",
                        f"--seed-file={self.top}/munge/seed")  # fmt: skip
            self._wait(lambda: os.path.exists(f"{self.top}/munge/socket"))
            self._start("slurmctld", "-D", "-f", f"{self.top}/slurm.conf")
            self._start("slurmd", "-D", "-N", host, "-f", f"{self.top}/slurm.conf")
            self._wait(lambda: self.ask("sinfo", "-h", "-o", "%T").strip() == "idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def ask(self, *words):
        """Run a command of Slurm's; return what it printed."""
        return subprocess.run(words, env=self.environment, text=True, check=False,
                              capture_output=True).stdout  # fmt: skip

    def logs(self):
        """Return the ends of all logs."""
        text = ""
        for name in ("munge/log", "slurmctld.log", "slurmd.log", "output"):
            try:
                with open(f"{self.top}/{name}", encoding="utf-8", errors="replace") as f:
                    text += f"---- {name}\n{f.read()[-2000:]}\n"
            except FileNotFoundError:
                pass
        return text

    def _start(self, *words):
        with open(f"{self.top}/output", "a", encoding="utf-8") as output:
            self.running.append(subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output,
            ))  # fmt: skip

    def _wait(self, condition):
        end = time.monotonic() + SECONDS
        while not condition():
            ended = [p.args[0] for p in self.running if p.poll() is not None]
            if ended or time.monotonic() > end:
                raise SlurmError(f"{ended or 'nothing'} ended; {self.logs()}")
            time.sleep(0.1)
