"""Patients who sign in on the website: their sessions, and, for the demo alone, whom it has registered.

A patient is a pseudoniem here too. In production the sign-in is another's, an OpenID Connect provider that vouches for
the BSN; what a patient may decide is not known here.
"""
