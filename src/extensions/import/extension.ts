import type { ContinueFolder } from '../../core/acts/sessions/prepared-folders.ts';
import type { Extension } from '../../core/kernel/extension.ts';

const continueFolder: ContinueFolder = async (...args) =>
  (await import('./import-folder.act.ts')).continueFolder(...args);

export const IMPORT: Extension = { continueFolder };
