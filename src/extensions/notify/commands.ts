import type { AddCommand } from '../../core/kit/terminal/shared-options.ts';
import { addMute, addNotify } from './notify.command.ts';

export const NOTIFY_COMMANDS: Readonly<Record<string, AddCommand>> = {
  notify: addNotify,
  mute: addMute,
};
