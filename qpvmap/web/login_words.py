"""What Flask-Security says to people, in the words of our pages (its own French is its own)."""

SUBJECTS = {
    "EMAIL_SUBJECT_PASSWORD_RESET": "Choisir un nouveau mot de passe",
    "EMAIL_SUBJECT_PASSWORD_NOTICE": "Votre mot de passe a été changé",
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": "Votre mot de passe a été changé",
}

ERRORS = {
    "GENERIC_AUTHN_FAILED": "L’adresse ou le mot de passe ne correspond pas. Vérifiez les "
    "majuscules, ou recevez un lien par courriel.",
    "API_ERROR": "Cette page a trop attendu. Recommencez.",
    "UNAUTHORIZED": "Votre compte n’a pas ce droit ici.",
    "RETYPE_PASSWORD_MISMATCH": "Les deux mots de passe sont différents. Retapez le second.",
    "INVALID_RECOVERY_CODE": "Ce code de secours n’existe pas, ou il a déjà servi.",
    "PASSWORD_RESET_EXPIRED": "Ce lien a plus de deux heures. Demandez-en un autre.",
    "INVALID_RESET_PASSWORD_TOKEN": "Ce lien a déjà servi, ou il est incomplet. "
    "Demandez-en un autre.",
    "INVALID_EMAIL_ADDRESS": "Cette adresse est incomplète. Exemple : prenom.nom@ville.fr",
    "EMAIL_NOT_PROVIDED": "Donnez votre adresse électronique.",
    "PASSWORD_NOT_PROVIDED": "Donnez votre mot de passe.",
    "PASSWORD_INVALID_LENGTH": "Il faut %(length)s caractères au moins : "
    "quelques mots à la suite vont très bien.",
    "PASSWORD_IS_THE_SAME": "C’est le mot de passe actuel. Choisissez-en un autre.",
    "INVALID_PASSWORD": "Ce n’est pas votre mot de passe actuel. Vérifiez les majuscules.",
    "INVALID_PASSWORD_CODE": "Ce n’est pas votre mot de passe actuel. Vérifiez les majuscules.",
    "INVALID_CODE": "Ce code n’est pas le bon. Attendez le suivant, puis donnez-le.",
    "TWO_FACTOR_INVALID_TOKEN": "Ce code n’est pas le bon. Attendez le suivant, puis donnez-le.",
    "TWO_FACTOR_PERMISSION_DENIED": "Donnez d’abord votre adresse et votre mot de passe.",
    "TWO_FACTOR_SETUP_EXPIRED": "Cette page a trop attendu. Recommencez.",
    "WEBAUTHN_EXPIRED": "Votre appareil a répondu trop tard. Recommencez.",
    "WEBAUTHN_NAME_REQUIRED": "Donnez un nom à cette clé, pour la reconnaître.",
    "WEBAUTHN_NAME_INUSE": "Une de vos clés s’appelle déjà « %(name)s ». Donnez un autre nom.",
    "WEBAUTHN_NAME_NOT_FOUND": "Vous n’avez pas de clé « %(name)s ».",
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": "Un nom de clé n’a que des lettres, des chiffres, "
    "des espaces et des tirets.",
    "WEBAUTHN_CREDENTIAL_ID_INUSE": "Cette clé est déjà enregistrée.",
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": "Cette clé n’est pas connue ici. Passez par le mot de passe.",
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": "Cette clé n’est pas connue ici. Passez par le mot de passe.",
    "WEBAUTHN_NO_VERIFY": "Votre appareil n’a pas confirmé que c’est vous. Recommencez.",
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": "Cette clé ne sert pas à cela. Passez par le mot de passe.",
    "WEBAUTHN_MISMATCH_USER_HANDLE": "Cette clé est celle d’un autre compte.",
}

NOTICES = {
    "UNAUTHENTICATED": "Connectez-vous pour ouvrir cette page.",
    "REAUTHENTICATION_REQUIRED": "Confirmez d’abord que c’est vous.",
    "REAUTHENTICATION_SUCCESSFUL": "C’est bien vous.",
    "ANONYMOUS_USER_REQUIRED": "Vous êtes déjà connecté.",
    "PASSWORD_RESET_REQUEST": "Si un compte a cette adresse, un lien vient d’y être envoyé. "
    "Il sert une fois, pendant deux heures.",
    "PASSWORD_RESET_NO_LOGIN": "Mot de passe enregistré. Connectez-vous avec lui.",
    "PASSWORD_CHANGE": "Mot de passe enregistré. Vos autres appareils devront se reconnecter.",
    "NO_RECOVERY_CODES_SETUP": "Vous n’avez pas encore de codes de secours.",
    "TWO_FACTOR_LOGIN_SUCCESSFUL": "Code accepté.",
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": "Double vérification en place. Faites maintenant "
    "des codes de secours, pour le jour où le téléphone manque.",
    "TWO_FACTOR_DISABLED": "Double vérification retirée.",
    "WEBAUTHN_CREDENTIAL_DELETED": "Clé retirée : %(name)s",
    "WEBAUTHN_REGISTER_SUCCESSFUL": "Clé ajoutée : %(name)s",
}

MESSAGES: dict[str, str | tuple[str, str]] = {
    **SUBJECTS,
    **{f"MSG_{name}": (words, "error") for name, words in ERRORS.items()},
    **{f"MSG_{name}": (words, "info") for name, words in NOTICES.items()},
}
