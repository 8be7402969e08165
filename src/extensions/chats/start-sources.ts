import type { StartSource } from '../../core/acts/sessions/start/start-sources.ts';
import type { ChatWork } from '../../core/acts/sessions/start/work.ts';

/** The chats that a session may continue. Their modules are loaded only when one is used. */
export const CHAT_START_SOURCES: readonly StartSource<ChatWork>[] = [
  {
    kind: 'chat',
    async resolve(work, project, context) {
      const { resolveChat } = await import('./resolve-chat.ts');
      return await resolveChat(work, project, context);
    },
  },
];
