import { SamocodeError } from '../base/errors.ts';

/** Where the person stands. @throws WorkingFolderGoneError */
export function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new WorkingFolderGoneError(cause);
  }
}

class WorkingFolderGoneError extends SamocodeError {
  readonly code = 'working_folder_gone';

  constructor(cause: unknown) {
    super(
      'Nothing was done.',
      'The folder that you stand in has been removed.',
      'Go to another one, the project for instance, and run the command there.',
      { cause },
    );
  }
}
