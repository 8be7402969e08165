import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addMute, addNotify } from './notify.command.ts';

export const NOTIFY_COMMANDS: Readonly<Record<string, AddCommand>> = {
  notify: addNotify,
  mute: addMute,
};
