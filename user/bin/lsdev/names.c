#include "names.h"
#include <stddef.h>
#include <sys/cdefs.h>

struct feature {
    unsigned int bit;
    const char *name;
};

/* Any device's [virtio §6]. */
static const struct feature common[] = {
    {24, "NOTIFY_ON_EMPTY"},   {27, "ANY_LAYOUT"},
    {28, "INDIRECT_DESC"},     {29, "EVENT_IDX"},
    {32, "VERSION_1"},         {33, "ACCESS_PLATFORM"},
    {34, "RING_PACKED"},       {35, "IN_ORDER"},
    {36, "ORDER_PLATFORM"},    {37, "SR_IOV"},
    {38, "NOTIFICATION_DATA"}, {39, "NOTIF_CONFIG_DATA"},
    {40, "RING_RESET"},        {0, NULL},
};

/* [virtio §5.1.3] */
static const struct feature net[] = {
    {0, "CSUM"},
    {1, "GUEST_CSUM"},
    {2, "CTRL_GUEST_OFFLOADS"},
    {3, "MTU"},
    {5, "MAC"},
    {7, "GUEST_TSO4"},
    {8, "GUEST_TSO6"},
    {9, "GUEST_ECN"},
    {10, "GUEST_UFO"},
    {11, "HOST_TSO4"},
    {12, "HOST_TSO6"},
    {13, "HOST_ECN"},
    {14, "HOST_UFO"},
    {15, "MRG_RXBUF"},
    {16, "STATUS"},
    {17, "CTRL_VQ"},
    {18, "CTRL_RX"},
    {19, "CTRL_VLAN"},
    {20, "CTRL_RX_EXTRA"},
    {21, "GUEST_ANNOUNCE"},
    {22, "MQ"},
    {23, "CTRL_MAC_ADDR"},
    {0, NULL},
};

/* [virtio §5.2.3] */
static const struct feature block[] = {
    {0, "BARRIER"},
    {1, "SIZE_MAX"},
    {2, "SEG_MAX"},
    {4, "GEOMETRY"},
    {5, "RO"},
    {6, "BLK_SIZE"},
    {7, "SCSI"},
    {9, "FLUSH"},
    {10, "TOPOLOGY"},
    {11, "CONFIG_WCE"},
    {12, "MQ"},
    {13, "DISCARD"},
    {14, "WRITE_ZEROES"},
    {15, "LIFETIME"},
    {16, "SECURE_ERASE"},
    {0, NULL},
};

/* [virtio §5.3.3] */
static const struct feature console[] = {
    {0, "SIZE"},
    {1, "MULTIPORT"},
    {2, "EMERG_WRITE"},
    {0, NULL},
};

/* By device ID [virtio §5]. */
static const struct {
    const char *name;
    const struct feature *features;
} devices[] = {
    [1] = {"network", net},     [2] = {"block", block},
    [3] = {"console", console}, [4] = {"entropy", NULL},
    [5] = {"balloon", NULL},    [8] = {"scsi", NULL},
    [9] = {"9p", NULL},         [16] = {"gpu", NULL},
    [18] = {"input", NULL},     [19] = {"socket", NULL},
    [20] = {"crypto", NULL},    [24] = {"memory", NULL},
    [25] = {"sound", NULL},     [26] = {"file system", NULL},
    [27] = {"pmem", NULL},      [29] = {"mac80211", NULL},
};

const char *
device_name(unsigned long id)
{
    return id < ARRAY_LEN(devices) ? devices[id].name : NULL;
}

static const char *
find(const struct feature *f, unsigned int bit)
{
    for (; f && f->name; f++)
        if (f->bit == bit)
            return f->name;
    return NULL;
}

const char *
feature_name(unsigned long id, unsigned int bit)
{
    if (id < ARRAY_LEN(devices) && find(devices[id].features, bit))
        return find(devices[id].features, bit);
    return find(common, bit);
}
