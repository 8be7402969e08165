import type { ContinueFolder } from '../../core/acts/sessions/prepared-folders.ts';

/** Its module is loaded only when a folder is given. */
export const IMPORT_PREPARED_FOLDERS: readonly ContinueFolder[] = [
  async (...given) => await (await import('./import-folder.act.ts')).continueFolder(...given),
];
