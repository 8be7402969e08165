import type { Command } from 'commander';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { addAdministration } from './administer.command.ts';
import { addJoin } from './join.command.ts';
import { addPruneOfPool } from './prune.command.ts';
import { addPoolStatus } from './status.command.ts';

/** Adds `samocode pool`, which lets another machine continue a session if its own fails. */
export function addPool(program: Command, cli: Cli): void {
  const pool = program.command('pool').description('Share sessions with other machines');
  addJoin(pool, cli);
  addPoolStatus(pool, cli);
  addAdministration(pool, cli);
  addPruneOfPool(pool, cli);
}
