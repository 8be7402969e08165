import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addRound } from './feedback/round.command.ts';

export const GITHUB_COMMANDS: Readonly<Record<string, AddCommand>> = {
  round: addRound,
};
