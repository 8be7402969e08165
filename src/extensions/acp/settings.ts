import { command, oneOf } from '../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../core/project/settings/setting-spec.ts';
import { type FurtherSettings, valuesOf } from '../../core/project/settings/settings.ts';

const ROWS = inScope('project', {
  acpCommand: {
    ...command,
    key: 'ACP_COMMAND',
    risk: 'runs',
    reach: { run: 'the command, as an agent', send: 'the work to it' },
    example: 'ACP_COMMAND=my-agent acp',
    doc: 'For PROVIDER=acp: the command that starts an agent of the Agent Client Protocol. It is not run by a shell.',
  },
  acpAsks: {
    ...oneOf(['no', 'yes']),
    key: 'ACP_ASKS',
    default: 'no',
    risk: 'loosens',
    reach: {},
    doc: 'yes: the agent asks before it acts, so PERMISSIONS=allow works for it, although samocode has not tested that.',
  },
  acpWithoutGuard: {
    ...oneOf(['no', 'yes']),
    key: 'ACP_WITHOUT_GUARD',
    default: 'no',
    risk: 'loosens',
    reach: { run: 'programs that the repository names, without the guard' },
    doc: 'yes: agents for which a repository can name programs may start without the sandbox.',
  },
});

export const ACP_SETTINGS: readonly FurtherSettings[] = [
  {
    rows: ROWS,
    kept(values) {
      const { acpCommand, acpAsks, acpWithoutGuard } = valuesOf(ROWS, values);
      const acp = {
        ...(acpCommand !== undefined && { command: acpCommand }),
        ...(acpAsks === 'yes' && { asks: true as const }),
        ...(acpWithoutGuard === 'yes' && { withoutGuard: true as const }),
      };
      return Object.keys(acp).length > 0 ? { acp } : {};
    },
  },
];
