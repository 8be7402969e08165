import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';
import { addPool } from './acts/pool.command.ts';

export const POOL_COMMANDS: Readonly<Record<string, AddCommand>> = {
  pool: addPool,
};
