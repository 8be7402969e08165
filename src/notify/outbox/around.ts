import type { Clock } from '../../base/clock.ts';
import type { SupervisorPaths } from '../../providers/starting/supervisor-folder.ts';
import type { SessionView } from '../../session/events/session-view.ts';
import type { ComposeOptions } from '../compose.ts';
import type { QueuedNotice } from '../queued-notice.ts';
import type { QuietHours } from '../quiet-hours.ts';

/** What every lane sees, as of the last look. */
export interface Around {
  readonly paths: SupervisorPaths;
  readonly clock: Clock;
  /** Ends every send. */
  readonly signal: AbortSignal;
  /** How long one may take. */
  readonly sendMs: number;
  readonly report: (what: string, error: unknown) => void;
  entries: readonly QueuedNotice[];
  quiet: QuietHours | undefined;
  detail: ComposeOptions['detail'];
  view(place: string): SessionView | undefined;
  isMuted(view: SessionView): Promise<boolean>;
}
