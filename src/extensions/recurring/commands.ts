import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';

export const RECURRING_COMMANDS: Readonly<Record<string, AddCommand>> = {};
