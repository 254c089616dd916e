/* Matching names with shell patterns. */
#pragma once

#define FNM_NOMATCH 1
#define FNM_PERIOD  4 /* a leading '.' is matched only by itself */

/* 0 if name matches pattern: * ? [a-z] [!a-z], \ quotes the next byte. */
int fnmatch(const char *pattern, const char *name, int flags);
