import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { APPLICATION_COMMANDS } from '../../extensions/application/commands.ts';
import { GITHUB_COMMANDS } from '../../extensions/github/commands.ts';
import { IMPORT_COMMANDS } from '../../extensions/import/commands.ts';
import { NOTIFY_COMMANDS } from '../../extensions/notify/notify.command.ts';
import { PAGES_COMMANDS } from '../../extensions/pages/commands.ts';
import { POOL_COMMANDS } from '../../extensions/pool/commands.ts';
import { RECURRING_COMMANDS } from '../../extensions/recurring/commands.ts';
import { REHEARSAL_COMMANDS } from '../../extensions/rehearsal/commands.ts';
import { SETUP_COMMANDS } from '../../extensions/setup/commands.ts';

export const EXTENSION_COMMANDS: Readonly<Record<string, AddCommand>> = {
  ...APPLICATION_COMMANDS,
  ...GITHUB_COMMANDS,
  ...IMPORT_COMMANDS,
  ...NOTIFY_COMMANDS,
  ...PAGES_COMMANDS,
  ...POOL_COMMANDS,
  ...RECURRING_COMMANDS,
  ...REHEARSAL_COMMANDS,
  ...SETUP_COMMANDS,
};
