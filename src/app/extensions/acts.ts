import { publishing } from '../../core/acts/finish/publishing.ts';
import { pullRequestsToVerify } from '../../core/acts/proof/pull-requests-to-verify.ts';
import { preparedFolders } from '../../core/acts/sessions/prepared-folders.ts';
import { startSources } from '../../core/acts/sessions/start/start-sources.ts';
import { baseChecks } from '../../core/caller/context/base-checks-failed.ts';
import { poolActs } from '../../core/caller/context/pools.ts';
import { pullRequestRounds } from '../../core/caller/context/pull-request-rounds.ts';
import { CHAT_START_SOURCES } from '../../extensions/chats/start-sources.ts';
import {
  GITHUB_BASE_CHECKS,
  GITHUB_PUBLISHING,
  GITHUB_ROUNDS,
  GITHUB_TO_VERIFY,
} from '../../extensions/github/acts.ts';
import { GITHUB_START_SOURCES } from '../../extensions/github/start-sources.ts';
import { IMPORT_PREPARED_FOLDERS } from '../../extensions/import/prepared-folders.ts';
import { POOL_ACTS } from '../../extensions/pool/acts/pool-acts.ts';

/** For every program that acts on sessions: the MCP server, the terminal and the supervisor. */
export function useActs(): void {
  publishing.handOver([...GITHUB_PUBLISHING]);
  pullRequestsToVerify.handOver([...GITHUB_TO_VERIFY]);
  pullRequestRounds.handOver([...GITHUB_ROUNDS]);
  poolActs.handOver([...POOL_ACTS]);
  baseChecks.handOver([...GITHUB_BASE_CHECKS]);
  startSources.handOver([...GITHUB_START_SOURCES, ...CHAT_START_SOURCES]);
  preparedFolders.handOver([...IMPORT_PREPARED_FOLDERS]);
}
