"""Start the code repository: `python -m tenants.services.code_repository --help`."""

from tenants.services.code_repository.app import main

main()
