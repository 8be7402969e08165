import type { StartSource } from '../../core/acts/sessions/start-sources.ts';
import type { ChatWork } from '../../core/acts/sessions/work.ts';

/** The chats that a session may continue. Their modules are loaded only when one is used. */
export const CHAT_START_SOURCES: readonly StartSource<ChatWork>[] = [];
