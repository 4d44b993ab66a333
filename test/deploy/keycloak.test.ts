/**
 * A real Keycloak with the shipped realm: its tokens before our verifier and our service. One Keycloak for all of it, since it
 * takes longer to start than all of these tests.
 */
import { describe } from 'vitest';
import { keysOfTheRealm } from './keycloak/keys.ts';
import { logout } from './keycloak/logout.ts';
import { describeKeycloak } from './keycloak/realm.ts';
import { rolesOfTheRealm } from './keycloak/roles.ts';
import { stepUp } from './keycloak/stepUp.ts';
import { tokensOfTheRealm } from './keycloak/tokens.ts';

describeKeycloak('Keycloak', (realm) => {
  describe('its tokens', () => tokensOfTheRealm(realm));
  describe('its roles', () => rolesOfTheRealm(realm));
  describe('stepping up', () => stepUp(realm));
  describe('its keys', () => keysOfTheRealm(realm));
  describe('signing out', () => logout(realm));
});
