/** False while core's own suite runs without any: what is about one is no case then. */
export const HAS_EXTENSIONS = process.env.SAMOCODE_WITHOUT !== 'all';
