import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';
import { addEvery } from './every.command.ts';

export const RECURRING_COMMANDS: Readonly<Record<string, AddCommand>> = {
  every: addEvery,
};
