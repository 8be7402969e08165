import { appendFile } from 'node:fs/promises';
import type { NotifyChannel } from '../notice/channel.ts';

export function logChannel(path: string): NotifyChannel {
  return {
    name: 'log',
    send: async (notifications) => await appendFile(path, notifications.map(({ title }) => `${title}\n`).join('')),
  };
}
