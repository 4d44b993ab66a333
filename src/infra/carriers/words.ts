/** Statuses from a carrier's own words, where its codes do not tell: in English, and in the French of Canada Post. */
import type { ParcelStatus } from '../../domain/shipment/events.ts';

/** The first that applies; what goes back is told before what arrives, as it arrives too. */
const phrases: readonly (readonly [RegExp, ParcelStatus])[] = [
  // A threat, as long as the item lies there.
  [/will be returned|sera retourné/i, 'available_for_pickup'],
  [/return(?:ed|ing)? to (?:the )?(?:sender|shipper)|return to sender|retourn\S* à l'expéditeur/i, 'return_to_sender'],
  [
    /attempt(?:ed)?\b.*deliver|deliver\S* attempt|notice left|business closed|tentative de livraison/i,
    'attempted_delivery',
  ],
  [
    /available for pick ?up|held at|ready for pick ?up|prêt à être ramassé|disponible pour ramassage/i,
    'available_for_pickup',
  ],
  [/out for delivery|vehicle for delivery|en cours de livraison|sorti pour livraison/i, 'out_for_delivery'],
  [/undeliver|refused|damaged|\blost\b|unclaimed|exception|refusé|endommagé/i, 'exception'],
  [/delay|missent|misrouted|address\S* error|retard|erreur d'adresse/i, 'delayed'],
  [/^(?:item )?(?:successfully )?delivered|^article livré|^livré/i, 'delivered'],
  [
    /label created|pre-?shipment|information (?:received|sent)|preparing shipment|renseignements? .*reçus?/i,
    'pre_transit',
  ],
  [
    /accepted|arriv|depart|processed|sorting|in transit|picked up|possession|en transit|traité|ramassé|accepté/i,
    'in_transit',
  ],
];

/** `undefined`: none of them. */
export const statusInWords = (words: string | undefined): ParcelStatus | undefined =>
  words === undefined ? undefined : phrases.find(([pattern]) => pattern.test(words))?.[1];
