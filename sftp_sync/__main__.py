"""python -m sftp_sync"""

from sftp_sync.cli import main

main()
