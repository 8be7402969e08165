import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';
import { addDemo } from './demo/demo.command.ts';

export const REHEARSAL_COMMANDS: Readonly<Record<string, AddCommand>> = {
  demo: addDemo,
};
