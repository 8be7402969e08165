import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addDemo } from './demo/demo.command.ts';

export const REHEARSAL_COMMANDS: Readonly<Record<string, AddCommand>> = {
  demo: addDemo,
};
