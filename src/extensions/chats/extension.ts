import type { StartSource } from '../../core/acts/sessions/start/start-sources.ts';
import type { ChatWork } from '../../core/acts/sessions/start/work.ts';
import type { Extension } from '../../core/kernel/extension.ts';

const startSource: StartSource<ChatWork> = {
  kind: 'chat',
  resolve: async (...args) => (await import('./resolve-chat.ts')).resolveChat(...args),
};

export const CHATS: Extension = { startSource };
