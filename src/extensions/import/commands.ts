import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addImport } from './import.command.ts';

export const IMPORT_COMMANDS: Readonly<Record<string, AddCommand>> = { import: addImport };
