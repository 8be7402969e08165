import { CLI_ERRORS } from './cli-errors.ts';

/** Where the person stands. @throws working_folder_gone */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw CLI_ERRORS.working_folder_gone(undefined, { cause });
  }
}
