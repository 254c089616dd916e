#include "mm/payer.h"

uint32_t payer_frames[PAYERS];
