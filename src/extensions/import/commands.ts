import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';
import { addImport } from './import.command.ts';

export const IMPORT_COMMANDS: Readonly<Record<string, AddCommand>> = { import: addImport };
