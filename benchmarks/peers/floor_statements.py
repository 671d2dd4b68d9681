"""What the floor asks of the database: as few statements as the work can be put in, each prepared once."""

SIGNER = """
SELECT c.name, k.jwk FROM companies c JOIN company_keys k ON k.company_id = c.company_id
WHERE c.company_id = $1 AND c.status = 'active' AND k.kid = $2 AND k.alg = 'RS256' AND k.revoked_at IS NULL
  AND (k.place IS NOT NULL OR k.published_as IS NOT NULL)
"""

PATIENT = """
SELECT p.pseudoniem, r.relationship_id, r.pseudoniem AS of_relationship, d.dossier_id, c.choice,
  EXISTS (SELECT FROM spends WHERE company_id = $1 AND jti_digest = $4) AS spent
FROM pseudoniemen p
JOIN treatment_relationships r ON r.company_id = $1 AND r.external_id = $3
LEFT JOIN dossiers d ON d.company_id = $1 AND d.pseudoniem = p.pseudoniem
LEFT JOIN LATERAL (
  SELECT choice FROM consents WHERE dossier_id = d.dossier_id ORDER BY number DESC LIMIT 1
) c ON true
WHERE p.key_version = 1 AND p.digest = $2
"""

LAUNCH = """
WITH spend AS (
  INSERT INTO spends (company_id, jti_digest, launch_id, spent_at) VALUES ($1, $2, $3, $4)
), held AS (
  SELECT relationship_id FROM treatment_relationships WHERE relationship_id = $5 FOR KEY SHARE
), link AS (
  SELECT account_id FROM account_links WHERE company_id = $1 AND sub = $6
), member AS (
  INSERT INTO treatment_relationship_members (relationship_id, account_id, joined_at)
  SELECT relationship_id, account_id, $4 FROM held, link
  ON CONFLICT (relationship_id, account_id) DO UPDATE SET joined_at = excluded.joined_at
), launch AS (
  INSERT INTO launches (launch_id, company_id, account_id, sub, status, pseudoniem, treatment_relationship_id,
    launched_at, relationship_id)
  SELECT $3, $1, account_id, $6, 'linked', $7, $8, $4, relationship_id FROM held, link
  RETURNING account_id, relationship_id
), audit AS (
  INSERT INTO identity_audit (at, event, outcome, request_id, company_id, pseudoniem, details)
  SELECT $4, 'launch.accepted', 'yes', $9, $1, $7, json_build_object('account_id', account_id, 'admission', 'linked',
    'jti', encode($2, 'hex'), 'kid', $10::text, 'launch_id', $3::uuid, 'relationship_id', relationship_id)::text
  FROM launch
), opened AS (
  INSERT INTO sessions (digest, launch_id, sealed_patient, opened_at, seen_at)
  SELECT $11, $3, $12, $4, $4 FROM launch WHERE $11::bytea IS NOT NULL
)
SELECT account_id FROM launch
"""

PERMISSION = """
WITH found AS (
  SELECT p.pseudoniem, d.dossier_id, c.choice FROM companies
  LEFT JOIN pseudoniemen p ON p.key_version = 1 AND p.digest = $3
  LEFT JOIN dossiers d ON d.company_id = $1 AND d.pseudoniem = p.pseudoniem
  LEFT JOIN LATERAL (
    SELECT choice FROM consents WHERE dossier_id = d.dossier_id ORDER BY number DESC LIMIT 1
  ) c ON true
  WHERE companies.company_id = $1 AND status = 'active'
    AND NOT EXISTS (SELECT FROM revoked_tokens WHERE company_id = $1 AND jti_digest = $2)
), audit AS (
  INSERT INTO dossier_audit (at, event, outcome, request_id, company_id, pseudoniem, details)
  SELECT $4, CASE WHEN choice = 'approved' THEN 'permission.granted' ELSE 'permission.withheld' END,
    CASE WHEN choice = 'approved' THEN 'yes' ELSE 'no' END, $5, $1, pseudoniem,
    json_build_object('dossier_id', dossier_id)::text
  FROM found
)
SELECT choice FROM found
"""
