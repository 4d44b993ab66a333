/** What a build server must have: names in `CI_REQUIRE` fail where they would be skipped, so that it can't go green on nothing. */
export type EngineName = 'eventstoredb' | 'mongodb' | 'redis' | 'gateway' | 'keycloak' | 'schemathesis';

export const isRequired = (engine: EngineName): boolean =>
  (process.env.CI_REQUIRE ?? '')
    .split(',')
    .map((name) => name.trim())
    .includes(engine);
