/* Flags of mount, as Linux has them. */
#pragma once

#define MS_RDONLY 1
