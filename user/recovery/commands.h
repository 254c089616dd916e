/* The commands of the recovery shell. */
#pragma once

/* Runs the command words[0]; what goes wrong is printed. */
void commands_run(int count, char **words);
