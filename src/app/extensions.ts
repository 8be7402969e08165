import { furtherProviders } from '../core/agents/registry.ts';
import { ACP_PROVIDERS } from '../extensions/acp/acp.ts';
import { rehearsal } from '../extensions/rehearsal/rehearsal.ts';

// The only file that lists extensions. Each main program hands over what it uses once, before it reads anything.

export function useProviders(): void {
  furtherProviders.handOver([...ACP_PROVIDERS, rehearsal]);
}

/** Loaded when it is called, since only a supervisor needs it. */
export async function useSupervisorParts(): Promise<void> {
  const [{ supervisorParts }, { pullRequestsPart, intakePart }, { Pools }, { Notifier }] = await Promise.all([
    import('../core/supervisor/part.ts'),
    import('../extensions/github/supervisor-parts.ts'),
    import('../extensions/pool/pools.ts'),
    import('../extensions/notify/supervisor/notifier.ts'),
  ]);
  supervisorParts.handOver([
    pullRequestsPart,
    intakePart,
    (supervisor, scan) => new Pools(supervisor, scan),
    // Last, so that it sends at once what the others found.
    (supervisor, scan) => new Notifier(supervisor, scan),
  ]);
}
