import { poolActs } from '../../core/acts/pools.ts';
import { pullRequestActs } from '../../core/acts/pull-requests.ts';
import { PULL_REQUEST_ACTS } from '../../extensions/github/pull-request-acts.ts';
import { POOL_ACTS } from '../../extensions/pool/pool-acts.ts';

/** For every program that acts on sessions: the MCP server, the terminal and the supervisor. */
export function useActs(): void {
  pullRequestActs.handOver([...PULL_REQUEST_ACTS]);
  poolActs.handOver([...POOL_ACTS]);
}
