import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { beginWithCopies } from './files/begin-with-copies.ts';

const chats: SessionExtension = {
  beginBranch: async ({ file, git }, base) => await beginWithCopies(file, base, git.context),
};

export const CHAT_SESSION_EXTENSIONS: readonly SessionExtension[] = [chats];
