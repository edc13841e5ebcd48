/* The names of errno values, for rules that are given as text. */
#ifndef ERROR_NAMES_H
#define ERROR_NAMES_H

#ifdef __cplusplus
extern "C" {
#endif

/* The errno value that `name` stands for ("EPERM"), or 0 if the name is unknown. */
int error_number(const char* name);

#ifdef __cplusplus
}
#endif

#endif
