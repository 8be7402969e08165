import scenario from '../hello-agent/scenario.mjs';

export default scenario;
