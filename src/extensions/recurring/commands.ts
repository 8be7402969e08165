import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addEvery } from './every.command.ts';

export const RECURRING_COMMANDS: Readonly<Record<string, AddCommand>> = {
  every: addEvery,
};
