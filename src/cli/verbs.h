/*
 * verbs.h: the verbs of the command line. Each gets its own name as argv[0] and answers with the exit status.
 */
#ifndef GAL_CLI_VERBS_H
#define GAL_CLI_VERBS_H

/* Exit statuses, the same for every verb. */
enum gal_exit {
        GAL_EXIT_OK = 0,
        GAL_EXIT_FAILED = 1, /* the workflow failed, timed out or was stopped */
        GAL_EXIT_USAGE = 2,  /* bad usage, definition, input or configuration */
};

int gal_cli_call(int argc, char **argv);
int gal_cli_create(int argc, char **argv);
int gal_cli_delete(int argc, char **argv);
int gal_cli_describe(int argc, char **argv);
int gal_cli_eval(int argc, char **argv);
int gal_cli_executions(int argc, char **argv);
int gal_cli_history(int argc, char **argv);
int gal_cli_list(int argc, char **argv);
int gal_cli_run(int argc, char **argv);
int gal_cli_serve(int argc, char **argv);
int gal_cli_start(int argc, char **argv);
int gal_cli_stop(int argc, char **argv);
int gal_cli_store(int argc, char **argv);
int gal_cli_validate(int argc, char **argv);

#endif
