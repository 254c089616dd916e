#!/bin/sh
# Process 1 of a machine that tests/machines makes up: says what it finds, and
# uses every disk. Boot arguments tell which: raw=vdb,vdc are read as they are,
# write=vdd is an eclipsefs to be written to, or write=/ the root's.

PATH=/bin
set -e
write= raw=
for word in $(cat /proc/cmdline); do
    case $word in
    write=*) write=${word#*=} ;;
    raw=*) raw=${word#*=} ;;
    esac
done

echo "harts $(nproc)"
free -k
lsdev -q
set -- /data/*
IFS=,
for disk in $raw; do
    set -- "$@" "/dev/$disk"
done
sha256sum "$@"

place=
if [ "$write" != / ]; then
    mount "/dev/$write" /mnt
    place=/mnt
    sha256sum /mnt/data/*
fi
dd if=/data/blob of=$place/new bs=4096 conv=fsync status=none
sha256sum $place/new
if [ "$place" ]; then
    umount /mnt
    mount "/dev/$write" /mnt
    sha256sum /mnt/new
    umount /mnt
fi
echo "the machine works"
