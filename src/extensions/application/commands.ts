import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addServices } from './services.command.ts';

export const APPLICATION_COMMANDS: Readonly<Record<string, AddCommand>> = {
  services: addServices,
};
