import type { InitializeResponse, McpServer, NewSessionResponse } from '@agentclientprotocol/sdk';
import type { RunnerEnd, RunnerPlan } from './runner-plan.ts';

interface ModelChoice {
  /** The model that will answer, if known. */
  model?: string;
  /** The request that chooses it: a method and its parameters. */
  request?: [method: string, params: object];
  /** How the conversation ends if the model can't be chosen; without a request, it ends at once. */
  refused?: RunnerEnd;
}

export function chooseModel(session: NewSessionResponse, plan: ModelRequest): ModelChoice {
  const { model, refusedDefault, modelIsPassed } = plan;
  const { current, models, choose } = offeredModels(session);
  if (model === '') {
    if (refusedDefault === undefined || !new RegExp(refusedDefault).test(current ?? ''))
      return { model: current };
    return { refused: { kind: 'model', model: current ?? '', models, isDefault: true } };
  }
  if (choose === undefined && modelIsPassed) return { model };
  const refused: RunnerEnd = { kind: 'model', model, models, isDefault: false };
  return { model, refused, ...(choose && { request: choose(model) }) };
}

type ModelRequest = Pick<RunnerPlan, 'model' | 'refusedDefault' | 'modelIsPassed'>;

interface OfferedModels {
  current: string | undefined;
  models: readonly string[];
  /** The request that chooses a model: a method and its parameters; absent: the agent offers no choice. */
  choose?: (model: string) => [method: string, params: object];
}

/** Older agents list models separately from their options. */
interface OlderResponse {
  models?: { currentModelId?: string; availableModels?: readonly { modelId: string }[] } | null;
}

function offeredModels({
  sessionId,
  configOptions,
  models: older,
}: NewSessionResponse & OlderResponse): OfferedModels {
  const option = configOptions?.find(({ id, category }) => category === 'model' || id === 'model');
  if (option?.type === 'select') {
    const listed = option.options.flatMap((each) => ('options' in each ? each.options : [each]));
    return {
      current: option.currentValue,
      models: listed.map(({ value }) => value),
      choose: (value) => ['session/set_config_option', { sessionId, configId: option.id, value }],
    };
  }
  const models = (older?.availableModels ?? []).map(({ modelId }) => modelId);
  const current = older?.currentModelId;
  if (!older) return { current, models };
  return { current, models, choose: (modelId) => ['session/set_model', { sessionId, modelId }] };
}

/** Which servers the agent can reach, according to its own capabilities. */
export function reachable(servers: readonly McpServer[], { agentCapabilities }: InitializeResponse) {
  const can = agentCapabilities?.mcpCapabilities;
  const fits = (server: McpServer) => !('type' in server) || can?.[server.type] === true;
  const leftOut = servers.filter((server) => !fits(server)).map(({ name }) => name);
  return { servers: servers.filter(fits), leftOut };
}
