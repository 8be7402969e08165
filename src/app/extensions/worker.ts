import { sessionExtensions } from '../../core/worker/state/extension.ts';
import { APPLICATION_SESSION_EXTENSIONS } from '../../extensions/application/session-extension.ts';
import { AWAKE_SESSION_EXTENSIONS } from '../../extensions/awake/session-extension.ts';
import { CHAT_SESSION_EXTENSIONS } from '../../extensions/chats/session-extension.ts';
import { GITHUB_SESSION_EXTENSIONS } from '../../extensions/github/session-extension.ts';
import { OVERLAP_SESSION_EXTENSIONS } from '../../extensions/overlap/session-extension.ts';
import { POOL_SESSION_EXTENSIONS } from '../../extensions/pool/session-extension.ts';

export function useSessionExtensions(): void {
  sessionExtensions.handOver([
    ...APPLICATION_SESSION_EXTENSIONS,
    ...AWAKE_SESSION_EXTENSIONS,
    ...CHAT_SESSION_EXTENSIONS,
    ...GITHUB_SESSION_EXTENSIONS,
    ...OVERLAP_SESSION_EXTENSIONS,
    ...POOL_SESSION_EXTENSIONS,
  ]);
}
