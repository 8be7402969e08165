import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addPool } from './acts/pool.command.ts';

export const POOL_COMMANDS: Readonly<Record<string, AddCommand>> = {
  pool: addPool,
};
